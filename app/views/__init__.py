"""Domain value to Dash component, pure: no reads, no ids of other views, no clock."""
