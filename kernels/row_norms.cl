// Norms of the rows of a matrix, as RowNorms tells. A launch takes the rows from first on.

#include "row_lanes.clh"

// Global work: (vectors of lanes, rows).
kernel void row_norms_lanes(global const float *matrix,
                            const long first,
                            const int rows,
                            const int dim,
                            global float *lanes) {
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    take_lanes(matrix + (first + row) * dim, dim, lanes + (long)row * LANES);
  }
}

// Global work: (1, rows).
kernel void row_norms_rates(global const float *lanes,
                            const long first,
                            const int rows,
                            global float *norms) {
  if (get_global_id(0) > 0) {
    return;
  }
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    norms[first + row] = join_lanes(lanes + (long)row * LANES);
  }
}
