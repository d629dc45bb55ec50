"""Pages, one question each; a folder is an audience. No page lies directly in this one."""
