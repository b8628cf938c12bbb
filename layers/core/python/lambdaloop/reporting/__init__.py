"""Pages and charts as text: records of the domain in, one self-contained HTML file out. Pure, and without third-party code."""
