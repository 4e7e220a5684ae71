// A step of stochastic gradient descent from a dense gradient: weight -= learning_rate *
// grad_weight, product and difference each rounded to float32.
//
// Global work: (column vectors, rows), as if the table had `rows` rows of `dim` columns.

#include "columns.clh"

kernel void dense_sgd_step(global const float *grad_weight,
                           global float *weight,
                           const long rows,
                           const int dim,
                           const float learning_rate) {
  for (long row = (long)get_global_id(1); row < rows; row += (long)get_global_size(1)) {
    global const float *from = grad_weight + row * dim;
    global float *to = weight + row * dim;
    FOR_VECTORS(c, dim) {
      store_vector(to + c, load_vector(to + c) - learning_rate * load_vector(from + c));
    }
    FOR_TAIL(c, dim) {
      to[c] -= learning_rate * from[c];
    }
  }
}
