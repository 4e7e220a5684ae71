// Writes one element past the end of x: a checker of kernels has to see it.
__kernel void planted_fault(__global float* x, const int elements) {
  const int i = (int) get_global_id(0);
  x[i < elements - 1 ? i : elements] = 1.0f;
}
