-- What wrk sends: wrk -s load.lua URL -- FILE. Its lines are a method, an address, a token
-- and a body, separated by tabs, sent in turn; an empty line ends what one thread sends.
-- At the end a line tells: requests, microseconds, errors, and three quantiles.
local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init(args)
	local blocks = { {} }
	for line in io.lines(args[1]) do
		if line == "" then
			blocks[#blocks + 1] = {}
		else
			local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
			local headers = { ["Authorization"] = token }
			if body ~= "" then headers["Content-Type"] = "application/json" end
			if method ~= "GET" then headers["Content-Length"] = #body end
			table.insert(blocks[#blocks], wrk.format(method, path, headers, body ~= "" and body or nil))
		end
	end
	requests = blocks[number % #blocks + 1]
	turn = number == 0 and -1 or 0       -- wrk asks the first thread once to see what it gets
end

function request()
	turn = turn + 1
	return requests[(turn - 1) % #requests + 1]
end

function done(summary, latency)
	local e = summary.errors
	print(string.format("told %d %d %d %d %d %d", summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
