"""Fixes: what rules say in steps on constructs, turned into edits of the file's text.

Everything works on the text itself, so that whatever is not edited stays as it is. A step that
cannot be made without a doubt withholds the whole fix.
"""
