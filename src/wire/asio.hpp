#pragma once

// The one door to Boost.Asio. Its 1.74 coroutine support does not compile in the C++23 mode of g++ 12.
#define BOOST_ASIO_DISABLE_CO_AWAIT

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
