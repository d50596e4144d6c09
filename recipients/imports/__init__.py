"""Spreadsheets from elsewhere: read strictly, and everything wrong named with its line, column and remedy. Writes nothing."""
