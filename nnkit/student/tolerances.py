"""How far an answer may be from the expected one, by what was computed and in which dtype.

Every number is a relative error as `rel_error` measures it. A wrong constant, a forgotten factor or a sum over the
wrong axis shows as 1e-3 or more, so each limit sits between that and the rounding it must forgive.
"""

# One layer in float64. Another order of summation moves a result by about 1e-15 of the terms; entries that nearly
# cancel lose some five digits more.
FORWARD = 1e-9

# A scalar loss in float64: a mean of logarithms or hinges, nothing cancels, whatever the order of summation.
LOSS = 1e-9

# A whole network's scores or loss in float64: the layers' rounding adds up, and weights of 1e-3 make small differences.
NETWORK_FORWARD = 1e-7

# A value copied from a page that printed eight digits.
PRINTED = 1e-7

# An analytic gradient against another analytic one (two ways to write the same backward pass), float64.
ANALYTIC_GRADIENT = 1e-8

# One layer's gradient against central differences in float64: they carry an error of about eps**(2/3) = 4e-11 of the
# function's size. With NOISE_FLOOR an entry down to a thousandth of the largest is still compared in full, so 4e-8.
GRADIENT = 1e-6

# The same against differences of order 4, for a layer without kinks: error about eps**(4/5) = 3e-13, so 3e-10.
SMOOTH_GRADIENT = 1e-8

# A gradient through a scalar loss: two nearly equal losses are subtracted, which keeps fewer digits than subtracting
# outputs; softmax with logits around 10 reaches 1e-5 against differences of order 2, and 3e-7 with logits around 1.
LOSS_GRADIENT = 3e-5

# A parameter's gradient through a whole network: small weights make gradients a thousandth of the loss that is
# differenced.
NETWORK_GRADIENT = 3e-5

# Central differences have the same absolute error in every entry, so a tiny entry has a large relative one though
# nothing is wrong with it. Entries below this fraction of the array's largest are measured against that fraction.
NOISE_FLOOR = 1e-3

# The same in float32 (eps = 1.2e-7): forward passes keep five digits, differences hardly three.
FORWARD_FLOAT32 = 1e-4
GRADIENT_FLOAT32 = 2e-2
