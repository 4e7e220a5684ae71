// The gradient of embedding_forward.cl in the deterministic order: grad_weight[id, :] += the sum of
// the rows of grad_output that id produced, and the same for the positional table.
//
// Three launches: blocks, then long rows (where there are any), and positions. Rows that no id names
// are neither read nor written.

#define FINISH(old, sum, scale) ((old) + (sum))
#include "row_sums.clh"

kernel void embedding_backward_blocks(global const float *grad_output,
                                      global const int *groups,
                                      const int count,
                                      const int blocks,
                                      global float *slots,
                                      global float *grad_weight,
                                      const int dim) {
  sum_blocks(grad_output, groups, count, blocks, slots, grad_weight, dim, 0.0f);
}

kernel void embedding_backward_long_rows(global const int *groups,
                                         const int count,
                                         const int blocks,
                                         const int long_rows,
                                         global const float *slots,
                                         global float *grad_weight,
                                         const int dim) {
  sum_long_rows(groups, count, blocks, long_rows, slots, grad_weight, dim, 0.0f);
}

kernel void embedding_backward_positions(global const float *grad_output,
                                         const int batch_size,
                                         const int seq_len,
                                         const int start,
                                         global float *grad_positions,
                                         const int dim) {
  sum_positions(grad_output, batch_size, seq_len, start, grad_positions, dim, 0.0f);
}
