"""What people read: pages, tables, progress."""
