// Ten Gaussians along a line.
data {
  int<lower=1> n;
  vector[n] y;
  vector[10] centres;
}
parameters {
  simplex[10] weights;
  ordered[10] means;
  vector<lower=0>[10] sigma;
}
model {
  weights ~ dirichlet(rep_vector(2, 10));
  means ~ normal(centres, 1);
  sigma ~ normal(0, 1);
  vector[10] log_weights = log(weights);
  for (i in 1 : n) {
    vector[10] terms = log_weights;
    for (k in 1 : 10)
      terms[k] += normal_lpdf(y[i] | means[k], sigma[k]);
    target += log_sum_exp(terms);
  }
}
