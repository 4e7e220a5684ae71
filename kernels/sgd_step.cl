// The backward pass and a step of stochastic gradient descent in one: weight[id, :] -=
// learning_rate * the sum of the rows of grad_output that id produced, and the same for the
// positional table. Sums, product and difference are each rounded to float32, in the deterministic
// order; the launches are those of embedding_backward.cl.

#define FINISH(old, sum, scale) ((old) - (scale) * (sum))
#include "row_sums.clh"

kernel void sgd_step_blocks(global const float *grad_output,
                            global const int *groups,
                            const int count,
                            const int blocks,
                            global float *slots,
                            global float *weight,
                            const int dim,
                            const float learning_rate) {
  sum_blocks(grad_output, groups, count, blocks, slots, weight, dim, learning_rate);
}

kernel void sgd_step_long_rows(global const int *groups,
                               const int count,
                               const int blocks,
                               const int long_rows,
                               global const float *slots,
                               global float *weight,
                               const int dim,
                               const float learning_rate) {
  sum_long_rows(groups, count, blocks, long_rows, slots, weight, dim, learning_rate);
}

kernel void sgd_step_positions(global const float *grad_output,
                               const int batch_size,
                               const int seq_len,
                               const int start,
                               global float *positions,
                               const int dim,
                               const float learning_rate) {
  sum_positions(grad_output, batch_size, seq_len, start, positions, dim, learning_rate);
}
