"""What Polyroute costs, side by side with floors and peers; see README.md here."""
