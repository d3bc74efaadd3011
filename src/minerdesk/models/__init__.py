"""Statistics: arrays and a random Generator in, a frozen result out."""
