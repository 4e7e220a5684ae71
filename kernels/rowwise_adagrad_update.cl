// Row-wise Adagrad, whose rows have one number of state: the formula is RowwiseAdagradUpdate's.
//
// An element's change depends on all columns of its row, which several work-items may share, so
// there are three launches: partial sums of squares, the state and the rate of each row, and the
// change of the rows. The gradients of the rows stand in a matrix of their own, one after the other;
// row i of it belongs to the table's row table_row[rows_at + i], or to start + i where rows_at is
// negative. A launch takes the rows from first on.

#include "table.clh"

// Partial sums in which the squares of a row are added up: lane l takes the columns l, l + LANES, …
#define LANES 16

static inline long table_row_of(global const int *table_row, const int rows_at, const long start,
                                const long row) {
  return rows_at < 0 ? start + row : table_row[rows_at + row];
}

// Global work: (vectors of lanes, rows).
kernel void rowwise_adagrad_update_lanes(global const float *gradient,
                                         const long first,
                                         const int rows,
                                         const int dim,
                                         global float *lanes) {
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    global const float *from = gradient + (first + row) * dim;
    for (int lane = (int)get_global_id(0) * VECTOR_WIDTH; lane < LANES;
         lane += (int)get_global_size(0) * VECTOR_WIDTH) {
      global float *to = lanes + (long)row * LANES + lane;
      floatv sum = 0.0f;
      int c = lane;
      for (; c <= dim - VECTOR_WIDTH; c += LANES) {
        const floatv g = load_vector(from + c);
        sum += g * g;
      }
      store_vector(to, sum);
      // What is left of the last vector.
      for (int i = 0; c + i < dim; i++) {
        to[i] += from[c + i] * from[c + i];
      }
    }
  }
}

// Global work: (1, rows). Leaves the rate of each row in its first lane.
kernel void rowwise_adagrad_update_rates(global float *lanes,
                                         const long first,
                                         const int rows,
                                         const int dim,
                                         global const int *table_row,
                                         const int rows_at,
                                         const long start,
                                         global float *sums,
                                         const float learning_rate,
                                         const float eps) {
  if (get_global_id(0) > 0) {
    return;
  }
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    float lane[LANES];
    for (int l = 0; l < LANES; l++) {
      lane[l] = lanes[(long)row * LANES + l];
    }
    for (int kept = LANES / 2; kept > 0; kept /= 2) {
      for (int l = 0; l < kept; l++) {
        lane[l] += lane[l + kept];
      }
    }
    const long at = table_row_of(table_row, rows_at, start, first + row);
    const float sum = sums[at] + lane[0] / (float)dim;
    sums[at] = sum;
    lanes[(long)row * LANES] = learning_rate / (sqrt(sum) + eps);
  }
}

// Global work: (column vectors, rows).
kernel void rowwise_adagrad_update_rows(global const float *gradient,
                                        global const float *lanes,
                                        const long first,
                                        const int rows,
                                        const int dim,
                                        global const int *table_row,
                                        const int rows_at,
                                        const long start,
                                        TABLE_PARAMETERS) {
  const table_t table = TABLE_VALUES;
  for (int row = (int)get_global_id(1); row < rows; row += (int)get_global_size(1)) {
    global const float *from = gradient + (first + row) * dim;
    const long to = table_row_of(table_row, rows_at, start, first + row) * dim;
    const float rate = lanes[(long)row * LANES];
    FOR_VECTORS(c, dim) {
      store_table_vector(table, to + c,
                         load_table_vector(table, to + c) - rate * load_vector(from + c));
    }
    FOR_TAIL(c, dim) {
      store_table_one(table, to + c, load_table_one(table, to + c) - rate * from[c]);
    }
  }
}
