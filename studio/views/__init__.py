"""What the page shows of jobs, clips and models, as HTML. Everything from outside is escaped here."""
