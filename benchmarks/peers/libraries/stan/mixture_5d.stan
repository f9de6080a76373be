// Four Gaussians in five dimensions with full covariances.
data {
  int<lower=1> n;
  matrix[5, n] y;
}
transformed data {
  matrix[6, n] rows = append_row(y, ones_row_vector(n));
}
parameters {
  simplex[4] weights;
  ordered[4] first;
  matrix[4, 4] rest;
  matrix<lower=0>[4, 5] scales;
  array[4] cholesky_factor_corr[5] factor;
}
transformed parameters {
  matrix[4, 5] means = append_col(first, rest);
}
model {
  weights ~ dirichlet(rep_vector(2, 4));
  to_vector(means) ~ normal(0, 5);
  to_vector(scales) ~ normal(0, 2);
  matrix[4, n] terms;
  for (k in 1 : 4) {
    factor[k] ~ lkj_corr_cholesky(2);
    // A small inverse times the data, all rows at once; the last row takes the mean off.
    matrix[5, 5] inverse = mdivide_left_tri_low(diag_pre_multiply(scales[k], factor[k]),
                                                identity_matrix(5));
    matrix[5, n] off = append_col(inverse, -inverse * means[k]') * rows;
    terms[k] = log(weights[k]) + sum(log(diagonal(inverse))) - 0.5 * columns_dot_self(off);
  }
  for (i in 1 : n)
    target += log_sum_exp(terms[ : , i]);
}
generated quantities {
  matrix[4, 10] correlations;
  for (k in 1 : 4) {
    matrix[5, 5] correlation = multiply_lower_tri_self_transpose(factor[k]);
    int at = 1;
    for (i in 2 : 5)
      for (j in 1 : i - 1) {
        correlations[k, at] = correlation[i, j];
        at += 1;
      }
  }
}
