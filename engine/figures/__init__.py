"""Domain value to Plotly figure, pure; shared by the dashboard and the reports."""
