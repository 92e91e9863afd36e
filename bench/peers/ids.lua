-- ids.lua: wrk asks for a random one of COUNT subscribers each time, at PREFIX. It ends with a line that bench/measure/api.py reads.
local prefix, count = os.getenv("PREFIX"), tonumber(os.getenv("COUNT"))
math.randomseed(7)

request = function()
  return wrk.format("GET", count == 0 and prefix or string.format("%sSUB-%06d", prefix, math.random(1, count)))
end

done = function(summary, latency, _)
  local e = summary.errors
  io.write(string.format("DONE %d %d %.3f %.3f %d\n", summary.requests, summary.duration, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, e.connect + e.read))
end
