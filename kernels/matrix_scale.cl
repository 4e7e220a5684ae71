// Multiplies a matrix by a number.
//
// Global work: (column vectors, rows).

#include "columns.clh"

kernel void matrix_scale(global float *matrix, const long rows, const int dim, const float factor) {
  for (long row = (long)get_global_id(1); row < rows; row += (long)get_global_size(1)) {
    global float *to = matrix + row * dim;
    FOR_VECTORS(c, dim) {
      store_vector(to + c, load_vector(to + c) * factor);
    }
    FOR_TAIL(c, dim) {
      to[c] *= factor;
    }
  }
}
