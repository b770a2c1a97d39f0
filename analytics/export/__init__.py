"""What leaves the dashboard: tables now; every file says what it shows, under which filters, from which reports."""
