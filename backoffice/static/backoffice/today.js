// Draws the charts that come after the page, once. Before the page is complete, unfold still draws all there are.
document.addEventListener("htmx:afterSettle", () => {
  const first = document.querySelector("canvas.chart");
  if (document.readyState === "complete" && first && !Chart.getChart(first)) renderCharts();
});
