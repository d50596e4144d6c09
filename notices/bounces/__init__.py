"""Reading what mail servers and providers report about our mails. Knows no database: believing a report is a service's."""
