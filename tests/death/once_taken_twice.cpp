// A moved-from Once can still be named: the second take must end the process.
#include "sealroom/base/once.hpp"

int main() {
  sealroom::Once<int> once(1);
  const int first = std::move(once).take();
  const int second = std::move(once).take();
  return first - second;
}
