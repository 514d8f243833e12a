import http from "k6/http";
export const options = { vus: 50, duration: "2m" };
export default function () {
  http.post(`${__ENV.URL}/predict`, JSON.stringify({ alcohol: 11.2 }), { headers: { "X-API-Key": __ENV.API_KEY } });
}
