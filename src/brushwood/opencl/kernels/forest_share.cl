// Forests whose leaves weigh differently: each pixel's sums become shares of their total.

__kernel void forest_share(__global float* restrict out, const int classes, const int pixels)
{
  const size_t i = get_global_id(0);
  if (i >= (size_t)pixels) return;
  float total = 0.0f;
  for (int c = 0; c < classes; c++) total += out[(size_t)c * pixels + i];
  const float share = total > 0.0f ? 1.0f / total : 0.0f;
  for (int c = 0; c < classes; c++) out[(size_t)c * pixels + i] *= share;
}
