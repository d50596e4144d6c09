// Turns every text area with `data-richtext` into an editor. The attribute holds the library's
// address; nothing is imported by name, so the page needs no import map and no inline script.

const TOOLBAR = [
  { paragraph: "Paragraph", heading2: "Heading", heading3: "Subheading", heading4: "Small heading" },
  { bold: "Bold", italic: "Italic" },
  { bulletList: "Bulleted list", orderedList: "Numbered list", blockquote: "Quotation" },
  { link: "Link", unlink: "Remove link" },
  {
    table: "Insert table",
    "table:addRowAfter": "Add row below",
    "table:deleteRow": "Delete row",
    "table:addColumnAfter": "Add column to the right",
    "table:deleteColumn": "Delete column",
    headerRow: "Header row on or off",
    "table:deleteTable": "Delete table",
  },
  { "history:undo": "Undo", "history:redo": "Redo" },
]
const ICONS = {
  paragraph: "format_paragraph",
  heading2: "format_h2",
  heading3: "format_h3",
  heading4: "format_h4",
  table: "table",
  "table:addRowAfter": "add_row_below",
  "table:deleteRow": "variable_remove",
  "table:addColumnAfter": "add_column_right",
  "table:deleteColumn": "variable_remove",
  "table:deleteTable": "delete",
}

/** What someone typed as an address, with the scheme they left out. */
function address(typed) {
  const text = typed.trim()
  if (/^(https?:\/\/|mailto:)/i.test(text)) return text
  return /^[^\s/]+@[^\s/]+$/.test(text) ? `mailto:${text}` : `https://${text.replace(/^\/+/, "")}`
}

function makeLink({ Link, updateAttrsDialog }) {
  const ask = updateAttrsDialog(
    { href: { title: "Web or mail address", required: true } },
    { title: "Link", submitText: "Set link" },
  )
  return Link.extend({
    addCommands() {
      return {
        ...this.parent?.(),
        addLink: () => ({ editor }) => {
          ask(editor, editor.getAttributes("link")).then((answer) => {
            if (answer) setLink(editor, address(answer.href))
            else editor.commands.focus()
          })
          editor.view.dom.parentElement.querySelector("dialog").setAttribute("aria-label", "Link")
          return true
        },
      }
    },
  }).configure({ protocols: ["http", "https", "mailto"], defaultProtocol: "https", enableTarget: false })
}

function setLink(editor, href) {
  const chain = editor.chain().focus()
  if (editor.state.selection.empty && !editor.isActive("link")) {
    const text = href.replace(/^mailto:/, "")
    chain.insertContent({ type: "text", text, marks: [{ type: "link", attrs: { href } }] }).run()
  } else {
    chain.extendMarkRange("link").setLink({ href }).run()
  }
}

/** A table with a header row, and a paragraph after it if it would be the last thing. */
function insertTable(editor) {
  editor
    .chain()
    .focus()
    .insertTable({ rows: 3, cols: 3, withHeaderRow: true })
    .command(({ tr, state }) => {
      if (tr.doc.lastChild.type.name === "table") {
        tr.insert(tr.doc.content.size, state.schema.nodes.paragraph.create())
      }
      return true
    })
    .run()
}

function toolbarItems({ editor, buttons, menu }) {
  menu.defineItem({
    name: "headerRow",
    groups: "table",
    button: buttons.material("toolbar"),
    hidden: () => !editor.isActive("table"),
    command: () => editor.chain().focus().toggleHeaderRow().run(),
  })
  const items = Object.fromEntries(menu.items("nodes marks link table history").map((item) => [item.name, item]))
  items.table.command = insertTable
  items.link.enabled = () => true
  items.bulletList.active = () => editor.isActive("bulletList")
  return TOOLBAR.map((names) => {
    for (const [name, label] of Object.entries(names)) dress(items[name], name, label)
    return menu.buttonGroup({ editor }, Object.keys(names).map((name) => items[name]))
  })
}

function dress(item, name, label) {
  const { button } = item
  if (ICONS[name]) {
    button.className = "prose-menubar__button material-icons"
    button.textContent = ICONS[name]
  }
  button.title = label
  button.setAttribute("aria-label", label)
  const toggles = !name.includes(":") && !["link", "unlink", "table", "headerRow"].includes(name)
  item.update = (editor) => {
    button.setAttribute("aria-disabled", String(!item.enabled(editor)))
    if (toggles) button.setAttribute("aria-pressed", String(Boolean(item.active(editor))))
  }
}

/** One stop for Tab; arrows, Home and End move between the buttons. */
function walkWithArrows(toolbar) {
  const shown = () => [...toolbar.querySelectorAll("button:not(.hidden)")]
  const stopAt = (button) => {
    for (const other of toolbar.querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1
  }
  stopAt(shown()[0])
  toolbar.addEventListener("focusin", (event) => stopAt(event.target))
  toolbar.addEventListener("keydown", (event) => {
    const buttons = shown()
    const here = buttons.indexOf(event.target)
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (there === undefined) return
    event.preventDefault()
    buttons.at(there % buttons.length).focus()
  })
  return () => {
    const stop = toolbar.querySelector("button[tabindex='0']")
    if (stop.classList.contains("hidden")) stopAt(shown()[0])
  }
}

/** Tab moves between cells and list levels, so Escape lets the next Tab leave the editor. */
function leaveWithEscape(area) {
  let leaving = false
  area.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab" && leaving) event.stopImmediatePropagation()
      if (event.key !== "Shift") leaving = event.key === "Escape"
    },
    { capture: true },
  )
}

/** The editing area takes over what the label, help and errors say about the text area. */
function describe(editor, textarea) {
  const attributes = { class: "bo-richtext", role: "textbox", "aria-multiline": "true" }
  const label = textarea.labels[0]
  if (label) {
    label.id ||= `${textarea.id}_label`
    label.addEventListener("click", () => editor.commands.focus())
    attributes["aria-labelledby"] = label.id
  }
  for (const name of ["aria-describedby", "aria-invalid", "aria-required"]) {
    if (textarea.hasAttribute(name)) attributes[name] = textarea.getAttribute(name)
  }
  attributes["aria-description"] = "Press Escape and then Tab to leave the editor, Shift and Tab for the toolbar."
  editor.setOptions({ editorProps: { attributes } })
}

function createEditor(textarea, library) {
  const { Document, Paragraph, Text, Dropcursor, Gapcursor, History, Menu, HardBreak, Heading } = library
  const { Blockquote, Bold, Italic, BulletList, OrderedList, ListItem } = library
  const { Table, TableRow, TableHeader, TableCell } = library
  const editor = library.createTextareaEditor(textarea, [
    ...[Document, Paragraph, Text, Dropcursor, Gapcursor, History, HardBreak, Blockquote, Bold, Italic],
    ...[BulletList, ListItem, Table, TableRow, TableHeader, TableCell],
    Heading.configure({ levels: [2, 3, 4] }),
    // What the server would not store is not shown either.
    OrderedList.extend({ addAttributes: () => ({}), addNodeView: null }).configure({ enableListAttributes: false }),
    makeLink(library),
    Menu.configure({ items: toolbarItems }),
  ])
  editor.on("create", () => {
    const toolbar = textarea.parentElement.querySelector(".prose-menubar")
    toolbar.setAttribute("role", "toolbar")
    toolbar.setAttribute("aria-label", "Formatting")
    editor.on("transaction", walkWithArrows(toolbar))
    describe(editor, textarea)
    leaveWithEscape(editor.view.dom)
  })
  textarea.addEventListener("draft:restored", () => editor.commands.setContent(textarea.value))
  editor.on("update", () => {
    textarea.value = textarea.value.replace(/(<p><\/p>)+$/, "")
  })
}

async function start(root) {
  for (const textarea of root.querySelectorAll("textarea[data-richtext]")) {
    if (textarea.id.includes("__prefix__") || textarea.closest(".prose-editor")) continue
    const library = await import(textarea.dataset.richtext)
    if (!textarea.closest(".prose-editor")) createEditor(textarea, library)
  }
}

start(document)
document.addEventListener("formset:added", (event) => start(event.target))
