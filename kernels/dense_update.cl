// Updates every row of a table by a dense gradient.
//
// Global work: (column vectors, rows).

#include "row_update.clh"

kernel void dense_update(global const float *grad_weight,
                         const long rows,
                         const int dim,
                         UPDATE_PARAMETERS) {
  const update_t update = UPDATE_VALUES;
  for (long row = (long)get_global_id(1); row < rows; row += (long)get_global_size(1)) {
    const long at = row * dim;
    FOR_VECTORS(c, dim) {
      update_vector(update, at + c, load_vector(grad_weight + at + c));
    }
    FOR_TAIL(c, dim) {
      update_one(update, at + c, grad_weight[at + c]);
    }
  }
}
