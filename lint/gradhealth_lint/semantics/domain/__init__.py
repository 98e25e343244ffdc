"""What is computed with: values, the dataflow graph, torch's own names, undo."""
