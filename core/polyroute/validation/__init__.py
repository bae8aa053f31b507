"""What is wrong in hosts' configurations."""
