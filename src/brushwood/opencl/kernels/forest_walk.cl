// Any forest, one pixel a work-item: walk each tree from its root. The choice for GPUs, where
// neighbours coalesce and thousands of walks hide each other's latency.
//
// nodes, 4 words each: feature or -1, threshold as bits, left child or row of `leaves`, right child.

__kernel void forest_walk(
    __global const float* restrict X, __global float* restrict out,
    __global const int* restrict nodes, __global const float* restrict leaves,
    __global const int* restrict roots, const int trees, const int classes,
    const int plane, const int pixels, const int first, const int total)
{
  const size_t i = get_global_id(0);
  if (i >= (size_t)pixels) return;
  if (first)
    for (int c = 0; c < classes; c++) out[(size_t)c * pixels + i] = 0.0f;
  for (int t = 0; t < trees; t++) {
    int4 node = vload4((size_t)roots[t], nodes);
    while (node.x >= 0) {
      const bool right = X[(size_t)node.x * plane + i] > as_float(node.y);
      node = vload4((size_t)(right ? node.w : node.z), nodes);
    }
    __global const float* row = leaves + (size_t)node.z * classes;
    for (int c = 0; c < classes; c++) out[(size_t)c * pixels + i] += row[c];
  }
  if (total)
    for (int c = 0; c < classes; c++) out[(size_t)c * pixels + i] *= 1.0f / total;
}
