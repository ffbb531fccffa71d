"""The sections of a report: each function takes the findings and gives one section."""
