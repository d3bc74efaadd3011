"""What a person sees: words, charts, report, command line, web."""
