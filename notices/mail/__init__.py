"""From a notice to the mail server's answer: `template` makes the text, `mailer` fills in the person, `dialogue` speaks SMTP."""
