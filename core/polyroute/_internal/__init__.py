"""What the other packages are built on; nothing here is for anybody else."""
