"""What makes one VNF: from a package to a graph, and the management of the function that runs it."""
