-- Sends the bodies of a file, one after the other, and prints a line of figures: wrk -s wrk.lua URL -- BODIES
-- What wrk counts as an error includes every status from 400 up.
local requests, turn = {}, 0

function init(arguments)
  wrk.method = "POST"
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'FIGURES {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
