// What was taken is nobody's to look at any more.
#include "sealroom/base/once.hpp"

int main() {
  sealroom::Once<int> once(1);
  const int taken = std::move(once).take();
  return *once - taken;
}
