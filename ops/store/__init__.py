"""What Ebb keeps of the past beyond AWS's own retention: metric grids and scaling activities, per scope."""
