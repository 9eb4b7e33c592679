// Pass along y or z ("steps"; the other of the two is "across") that ends a set of Gaussian
// derivatives at one scale ("jet").
//
// Slots of src, d_slot floats apart: FIRST ones are first derivatives along the other axes, SECOND
// ones second derivatives, both after the plain one. DOG: one more slot, smoothed with another σ.
// w[3 * k + order] is the weight of an order at distance k; w2[k] that of the slot for DOG.
// What is stored is chosen by GAUSS, GRADIENT, LOG, DOG, HESSIAN (planes of a stack), PRODUCTS
// (of first derivatives) or RAW (the derivatives themselves), in this order.

#define AT(slot) (s + (size_t)(slot) * s_slot)
#define SOURCE_DOG (1 + FIRST + SECOND)

__kernel void jet(__global const float* restrict src, __global float* restrict dst,
                  __global const float* restrict w, const int radius,
                  __global const float* restrict w2, const int radius2,
                  __global const float* restrict signs,
                  const int sign_step, const int sign_across, const int sign_x,
                  const int s_off, const int s_step, const int s_across, const int s_slot,
                  const int d_off, const int d_step, const int d_across, const int d_plane,
                  const int steps, const int to_gauss, const int to_gradient, const int to_log,
                  const int to_dog, const int to_hessian, const float log_factor) {
  const int x = get_global_id(0) * VEC, across = get_global_id(1);
  const int from = get_global_id(2) * ROWS, to = min(from + ROWS, steps);
  for (int at = from; at < to; at++) {
    __global const float* s = src + s_off + (size_t)across * s_across + (size_t)at * s_step + x;
    __global float* d = dst + d_off + (size_t)across * d_across + (size_t)at * d_step + x;
#define OUT(plane) (d + (size_t)(plane) * d_plane)
#if DOG
    V other = (V)(w2[0]) * LOAD(AT(SOURCE_DOG));
    for (int k = 1; k <= radius2; k++) {
      const size_t step = (size_t)k * s_step;
      other = FMA(w2[k], LOAD(AT(SOURCE_DOG) - step) + LOAD(AT(SOURCE_DOG) + step), other);
    }
#endif
    // Own derivatives of order 0 to 2; first derivatives as they are and derived once more; second.
    V own[3], first[FIRST + 1], mixed[FIRST + 1], second[SECOND + 1];
    {
      const V centre = LOAD(s);
      own[0] = (V)(w[0]) * centre;
      own[1] = (V)(0.0f);
      own[2] = (V)(w[2]) * centre;
#pragma unroll
      for (int i = 0; i < FIRST; i++) {
        first[i] = (V)(w[0]) * LOAD(AT(1 + i));
        mixed[i] = (V)(0.0f);
      }
#pragma unroll
      for (int i = 0; i < SECOND; i++) second[i] = (V)(w[0]) * LOAD(AT(1 + FIRST + i));
    }
    for (int k = 1; k <= radius; k++) {
      const size_t step = (size_t)k * s_step;
      const float w0 = w[3 * k], w1 = w[3 * k + 1], w3 = w[3 * k + 2];
      const V a = LOAD(s - step), b = LOAD(s + step);
      own[0] = FMA(w0, a + b, own[0]);
      own[1] = FMA(w1, b - a, own[1]);
      own[2] = FMA(w3, a + b, own[2]);
#pragma unroll
      for (int i = 0; i < FIRST; i++) {
        const V p = LOAD(AT(1 + i) - step), q = LOAD(AT(1 + i) + step);
        first[i] = FMA(w0, p + q, first[i]);
        mixed[i] = FMA(w1, q - p, mixed[i]);
      }
#pragma unroll
      for (int i = 0; i < SECOND; i++)
        second[i] = FMA(w0, LOAD(AT(1 + FIRST + i) - step) + LOAD(AT(1 + FIRST + i) + step),
                        second[i]);
    }
#if GAUSS
    STORE(own[0], OUT(to_gauss));
#endif
#if GRADIENT
    {
      V sum = own[1] * own[1];
#pragma unroll
      for (int i = 0; i < FIRST; i++) sum = fma(first[i], first[i], sum);
      STORE(root(sum), OUT(to_gradient));
    }
#endif
#if LOG
    {
      V sum = own[2];
#pragma unroll
      for (int i = 0; i < DIM - 1; i++) sum += second[i];
      STORE(log_factor * sum, OUT(to_log));
    }
#endif
#if DOG
    STORE(own[0] - other, OUT(to_dog));
#endif
#if HESSIAN
    {
      V value[DIM];
      EIGEN(own[2], second, mixed, value);
#pragma unroll
      for (int i = 0; i < DIM; i++) STORE(value[i], OUT(to_hessian + i));
    }
#endif
#if PRODUCTS
    // A first derivative changes its sign wherever the image is mirrored along its axis; the
    // product of two is to be mirrored without.
    const V flip_x = LOAD(signs + sign_x + x);
#if DIM == 3
    const float flip_z = signs[sign_step + at], flip_y = signs[sign_across + across];
    STORE(own[1] * own[1], OUT(0));
    STORE(first[0] * first[0], OUT(1));
    STORE(first[1] * first[1], OUT(2));
    STORE(flip_y * flip_x * (first[0] * first[1]), OUT(3));
    STORE(flip_z * flip_y * (own[1] * first[0]), OUT(4));
    STORE(flip_z * flip_x * (own[1] * first[1]), OUT(5));
#else
    const float flip_y = signs[sign_step + at];
    STORE(own[1] * own[1], OUT(0));
    STORE(first[0] * first[0], OUT(1));
    STORE(flip_y * flip_x * (own[1] * first[0]), OUT(2));
#endif
#endif
#if RAW
    // As the next pass wants them: plain, first along y and x, second along y, x and both.
    STORE(own[0], OUT(0));
#if FIRST
    STORE(own[1], OUT(1));
    STORE(first[0], OUT(2));
#endif
#if SECOND
    STORE(own[2], OUT(1 + 2 * FIRST));
    STORE(second[0], OUT(2 + 2 * FIRST));
#if FIRST
    STORE(mixed[0], OUT(5));
#endif
#endif
#endif
  }
}
