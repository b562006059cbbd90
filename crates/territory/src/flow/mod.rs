//! Assignment and min-cost flow on small graphs: hundreds to some thousands of nodes, as many as there are territories.
