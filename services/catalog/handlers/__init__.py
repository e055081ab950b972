"""One function per command, named like it: looks at the rows, asks the rules, says what happened and to what."""
