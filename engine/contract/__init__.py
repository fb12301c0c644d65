"""What the server and its clients say to each other: bodies of requests, and the objects of answers."""
