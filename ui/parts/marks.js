// What changed (the model, the contracts, the version), for charts whose own data do not have it: the numbers of that time come with it.
import { url } from "../lib/api.js";

export const marksUrl = (from) => url("/api/v1/history", { metric: "silver", from });
