import { amazonCarrierOf } from '../../../domain/orders/carriers';

describe('the carrier of a parcel, for Amazon', () => {
  it.each([
    ['FedEx', 'FedEx'],
    ['fedex ground', 'FedEx'],
    ['FedEx SmartPost 2-day', 'FedEx SmartPost'],
    ['UPS', 'UPS'],
    ['UPS Mail Innovations', 'UPS Mail Innovations'],
    ['United Parcel Service', 'UPS'],
    [' u.s. postal service ', undefined],
    ['US Postal Service', 'USPS'],
    ['DHL eCommerce Americas', 'DHL Global Mail'],
    ['DHL-Express', 'DHL'],
    ['Canada Post', 'Canada Post'],
  ])('of %j is %j', (said, code) => {
    expect(amazonCarrierOf(said, {})).toEqual(
      code === undefined ? { carrierCode: 'Other', carrierName: said.trim() } : { carrierCode: code }
    );
  });

  it('is not one whose name only begins with the same letters', () => {
    expect(amazonCarrierOf('UPSO Logistics', {})).toEqual({ carrierCode: 'Other', carrierName: 'UPSO Logistics' });
  });

  it('is what the connector says before anything else', () => {
    const own = { 'Loggi Express': 'LOGGI', fedex: 'FedEx SmartPost', UPS: 'Other' };
    expect(amazonCarrierOf('loggi  express', own)).toEqual({ carrierCode: 'LOGGI' });
    expect(amazonCarrierOf('FedEx', own)).toEqual({ carrierCode: 'FedEx SmartPost' });
    expect(amazonCarrierOf('UPS', own)).toEqual({ carrierCode: 'Other', carrierName: 'UPS' });
  });

  it('has a name where the store says none, because Amazon wants one', () => {
    expect(amazonCarrierOf(undefined, {})).toEqual({ carrierCode: 'Other', carrierName: 'Other' });
    expect(amazonCarrierOf('  ', {})).toEqual({ carrierCode: 'Other', carrierName: 'Other' });
  });
});
