package expr

// mathFunctions are the functions on numbers. See overload for the notation.
const mathFunctions = `
abs(int2) int2 !
abs(int4) int4 !
abs(int8) int8 !
abs(numeric) numeric
abs(float4) float4
abs(float8) float8
sign(numeric) numeric
sign(float8) float8
ceil(numeric) numeric
ceil(float8) float8
ceiling(numeric) numeric
ceiling(float8) float8
floor(numeric) numeric
floor(float8) float8
round(numeric) numeric
round(float8) float8
round(numeric, int4) numeric !
trunc(numeric) numeric
trunc(float8) float8
trunc(numeric, int4) numeric
mod(int2, int2) int2 !
mod(int4, int4) int4 !
mod(int8, int8) int8 !
mod(numeric, numeric) numeric !
div(numeric, numeric) numeric !
power(float8, float8) float8 !
power(numeric, numeric) numeric !
pow(float8, float8) float8 !
pow(numeric, numeric) numeric !
sqrt(float8) float8 !
sqrt(numeric) numeric !
cbrt(float8) float8
exp(float8) float8 !
exp(numeric) numeric !
ln(float8) float8 !
ln(numeric) numeric !
log(float8) float8 !
log(numeric) numeric !
log(numeric, numeric) numeric !
log10(float8) float8 !
log10(numeric) numeric !
pi() float8
degrees(float8) float8 !
radians(float8) float8 !
sin(float8) float8 !
cos(float8) float8 !
tan(float8) float8 !
cot(float8) float8 !
asin(float8) float8 !
acos(float8) float8 !
atan(float8) float8
atan2(float8, float8) float8
sinh(float8) float8
cosh(float8) float8
tanh(float8) float8
asinh(float8) float8
acosh(float8) float8 !
atanh(float8) float8 !
gcd(int4, int4) int4 !
gcd(int8, int8) int8 !
gcd(numeric, numeric) numeric !
lcm(int4, int4) int4 !
lcm(int8, int8) int8 !
lcm(numeric, numeric) numeric !
factorial(int8) numeric !
width_bucket(float8, float8, float8, int4) int4 !
width_bucket(numeric, numeric, numeric, int4) int4 !
random() float8 volatile
`
