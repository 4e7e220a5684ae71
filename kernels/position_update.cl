// Sums the rows of grad_output over the batch for each position, and updates the rows of the
// positional table. batch_size is at least 1.
//
// Global work: (column vectors, positions).

#include "row_update.clh"
#include "row_sums.clh"

kernel void position_update(global const float *grad_output,
                            const int batch_size,
                            const int seq_len,
                            const int start,
                            const int dim,
                            UPDATE_PARAMETERS) {
  const update_t update = UPDATE_VALUES;
  const long stride = (long)seq_len * dim;
  for (int t = (int)get_global_id(1); t < seq_len; t += (int)get_global_size(1)) {
    global const float *from = grad_output + (long)t * dim;
    const long to = (long)(start + t) * dim;
    FOR_VECTORS(c, dim) {
      floatv sum = sum_strided_vector(from + c, min(BLOCK, batch_size), stride);
      for (int b = BLOCK; b < batch_size; b += BLOCK) {
        sum += sum_strided_vector(from + c + b * stride, min(BLOCK, batch_size - b), stride);
      }
      update_vector(update, to + c, sum);
    }
    FOR_TAIL(c, dim) {
      float sum = sum_strided_one(from + c, min(BLOCK, batch_size), stride);
      for (int b = BLOCK; b < batch_size; b += BLOCK) {
        sum += sum_strided_one(from + c + b * stride, min(BLOCK, batch_size - b), stride);
      }
      update_one(update, to + c, sum);
    }
  }
}
