// The backward pass of embedding_forward.cl in the deterministic order, and what becomes of the
// sums: the rows of grad_output are summed by id, and the rows of a table that have a sum updated.
//
// Two launches: blocks, then long rows (where there are any). With UPDATE_STORE the rows are those
// of a matrix of the batch's unique rows, and row_of their numbers in it.

#include "row_update.clh"
#include "row_sums.clh"

// Sums blocks; global work: (column vectors, blocks). The only block of a row is finished in place,
// a long row's block leaves its sum in its slot. row_of[rows_at + block] is the block's row.
kernel void embedding_update_blocks(global const float *grad_output,
                                    global const int *groups,
                                    global const float *scales,
                                    global const int *winners,
                                    global const int *positions,
                                    const int count,
                                    const int blocks,
                                    global const int *row_of,
                                    const int rows_at,
                                    global float *slots,
                                    const int dim,
                                    UPDATE_PARAMETERS) {
  const update_t update = UPDATE_VALUES;
  global const int *block_start = groups + count;
  global const int *block_slot = block_start + 2 * blocks + 1;
  for (int block = (int)get_global_id(1); block < blocks; block += (int)get_global_size(1)) {
    const int begin = block_start[block];
    const int end = block_start[block + 1];
    const int slot = block_slot[block];
    const long to = (long)(slot < 0 ? row_of[rows_at + block] : slot) * dim;
    FOR_VECTORS(c, dim) {
      const floatv sum = sum_listed_vector(grad_output + c, groups, scales, winners + c, positions,
                                           begin, end, dim);
      if (slot < 0) {
        update_vector(update, to + c, sum);
      } else {
        store_vector(slots + to + c, sum);
      }
    }
    FOR_TAIL(c, dim) {
      const float sum = sum_listed_one(grad_output + c, groups, scales, winners + c, positions, begin,
                                       end, dim);
      if (slot < 0) {
        update_one(update, to + c, sum);
      } else {
        slots[to + c] = sum;
      }
    }
  }
}

// Adds up the block sums of long rows; global work: (column vectors, long rows). row_of[rows_at +
// row] is the row's number in the table.
kernel void embedding_update_long_rows(global const int *groups,
                                       const int count,
                                       const int blocks,
                                       const int long_rows,
                                       global const int *row_of,
                                       const int rows_at,
                                       global const float *slots,
                                       const int dim,
                                       UPDATE_PARAMETERS) {
  const update_t update = UPDATE_VALUES;
  global const int *long_start = groups + count + 3 * blocks + 1 + long_rows;
  for (int row = (int)get_global_id(1); row < long_rows; row += (int)get_global_size(1)) {
    global const float *from = slots + (long)long_start[row] * dim;
    const int summands = long_start[row + 1] - long_start[row];
    const long to = (long)row_of[rows_at + row] * dim;
    FOR_VECTORS(c, dim) {
      update_vector(update, to + c, sum_strided_vector(from + c, summands, dim));
    }
    FOR_TAIL(c, dim) {
      update_one(update, to + c, sum_strided_one(from + c, summands, dim));
    }
  }
}
