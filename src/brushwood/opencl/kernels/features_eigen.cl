// Eigenvalues of symmetric matrices, largest first.

void eigen2(V xx, V yy, V xy, V* value) {
  const V mean = 0.5f * (xx + yy), gap = fabs(0.5f * (xx - yy)), mixed = fabs(xy);
  // sqrt(gap² + mixed²) without squares that leave the range of float.
  const V major = fmax(gap, mixed), ratio = fmin(gap, mixed) / fmax(major, (V)(1e-37f));
  const V r = major * sqrt(fma(ratio, ratio, (V)(1.0f)));
  value[0] = mean + r;
  value[1] = mean - r;
}

// One Jacobi rotation that makes a[p][q] vanish; r is the third index. Golub and Van Loan, 8.5.
void rotate(V* app, V* aqq, V* apq, V* arp, V* arq) {
  const V twice = 2.0f * *apq, gap = *aqq - *app;
  // tan of the angle, written so that nothing divides by zero unless the matrix is diagonal.
  const V long_side = fabs(gap) + sqrt(fma(gap, gap, twice * twice));
  const V t = copysign((V)(1.0f), gap) * twice / fmax(long_side, (V)(1e-37f));
  const V c = 1.0f / sqrt(fma(t, t, (V)(1.0f))), s = t * c;
  const V p = *arp, q = *arq;
  *app = fma(-t, *apq, *app);
  *aqq = fma(t, *apq, *aqq);
  *apq = (V)(0.0f);
  *arp = fma(c, p, -(s * q));
  *arq = fma(s, p, c * q);
}

void eigen3(V xx, V yy, V zz, V xy, V xz, V yz, V* value) {
  // Scaled to about 1, so that squares neither overflow nor vanish.
  const V size = fmax(fmax(fmax(fabs(xx), fabs(yy)), fmax(fabs(zz), fabs(xy))),
                      fmax(fmax(fabs(xz), fabs(yz)), (V)(1e-30f)));
  const V unit = 1.0f / size;
  xx *= unit; yy *= unit; zz *= unit; xy *= unit; xz *= unit; yz *= unit;
  for (int sweep = 0; sweep < 3; sweep++) {
    rotate(&xx, &yy, &xy, &xz, &yz);
    rotate(&xx, &zz, &xz, &xy, &yz);
    rotate(&yy, &zz, &yz, &xy, &xz);
  }
  const V high = fmax(xx, yy), low = fmin(xx, yy);
  value[0] = size * fmax(high, zz);
  value[1] = size * fmax(fmin(high, zz), low);
  value[2] = size * fmin(low, zz);
}

#if DIM == 3
// Products or second derivatives in the order of the last pass: its own axis twice, the two others
// twice, the mixed one of the others, the two mixed with its own.
#define EIGEN(own, two, mixed, value) \
  eigen3((two)[1], (two)[0], own, (two)[2], (mixed)[1], (mixed)[0], value)
#else
#define EIGEN(own, two, mixed, value) eigen2((two)[0], own, (mixed)[0], value)
#endif
