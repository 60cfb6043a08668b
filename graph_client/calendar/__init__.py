"""Outlook's calendar: events, series and meetings of one mailbox."""
