// Writes one element behind its buffer, for the test that a checker of kernels finds faults.
kernel void planted_fault(global float *buffer, const int elements) {
  buffer[get_global_id(0) + elements] = 1.0f;
}
